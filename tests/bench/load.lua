-- One call, again and again; the body is the first argument. Prints what it measured as one line of JSON.
function init(arguments)
  wrk.method = "POST"
  wrk.body = arguments[1]
end

function done(summary, latency, requests)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format('{"calls": %d, "errors": %d, "p50_us": %.1f, "p99_us": %.1f}\n',
    summary.requests, errors, latency:percentile(50), latency:percentile(99)))
end
