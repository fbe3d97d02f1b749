-- One Gemini call, again and again; prints what it measured as one line of JSON.
wrk.method = "POST"
wrk.path = "/gemini/v1/models/gemini-2.5-flash:generateContent"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["x-goog-api-key"] = "not-a-key"
wrk.headers["User-Agent"] = "google-genai-sdk/3.4.0 gl-python/3.11.7"
wrk.headers["x-goog-api-client"] = "google-genai-sdk/3.4.0 gl-python/3.11.7"
wrk.headers["Accept-Encoding"] = "gzip, deflate"
wrk.body = '{"contents": [{"parts": [{"text": "' .. string.rep("Say something useful about the sea. ", 15) .. '"}], "role": "user"}]}'

done = function(summary, latency, requests)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format('{"calls": %d, "errors": %d, "p50_us": %.1f, "p99_us": %.1f}\n',
    summary.requests, errors, latency:percentile(50), latency:percentile(99)))
end
