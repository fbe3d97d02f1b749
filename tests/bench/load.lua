-- One call, again and again; the body is the first argument. Prints what it measured as one line of JSON.
-- No two calls that are in flight at once are equal: blanks and tabs behind the body make 4,096 of it, all of one length.
local requests, last = {}, 0

function init(arguments)
  for number = 0, 4095 do
    local blanks = ""
    for place = 0, 11 do
      blanks = blanks .. (math.floor(number / 2 ^ place) % 2 == 0 and " " or "\t")
    end
    requests[number + 1] = wrk.format("POST", nil, nil, arguments[1] .. blanks)
  end
end

function request()
  last = last % 4096 + 1
  return requests[last]
end

function done(summary, latency, requests)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format('{"calls": %d, "errors": %d, "p50_us": %.1f, "p99_us": %.1f}\n',
    summary.requests, errors, latency:percentile(50), latency:percentile(99)))
end
