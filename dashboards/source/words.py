"""The longer texts of the pages."""

RANGE_TOTAL = "Prometheus extrapolates to the range's edges (5.3 for 5.0); `sidecar report` has the exact sum."

DEFINITIONS = """\
| word | means |
| --- | --- |
| **spend** | the provider's bill for settled calls and operations: *delivered* + *orphaned* |
| **orphaned** | what nobody received: all if nothing was handed over; of a stream, what came after its caller had left |
| **avoidable** | the part of *orphaned* that accrued after the caller left: what an instant stop would have saved |
| **rescued** | the bill of calls whose answer was given to their caller's retry: a part of *delivered*, paid once |
| **avoided** | estimated bill to the natural end less the actual one, of operations that we stopped; never added to spend |
| **regretted** | the bill of operations that we cancelled and somebody then asked for; **net saved** = avoided - regretted |
| **reclaimed** | orphaned spend of operations whose result was fetched after all: a correction of *orphaned* |
| **unpriced** | settled without a usage or a price: counted, never 0 USD |

A bill is counted when its call or operation settles, not while it accrues (that is *exposure*). Rates and totals are Prometheus's
estimates from scrapes; the ledger has every row: `sidecar report`, `sidecar calls list`, `sidecar operations list`.
"""

TIMEOUTS = """\
**What these figures can tell:** where many callers leave and ask again, and the provider's time to answer is long, a timeout is
too short. The table shows who leaves, and *Call duration, p95* above how long the answers take.

**What they can't tell** is how long the callers were willing to wait: that differs from request to request and is no label. The
ledger keeps it for every call whose SDK says so:

```
sidecar report --timeouts
```

sets each limit against the provider's p90 and says what the difference costs a day.
"""

RECONCILIATION = """\
Every figure is told **per instance**, of the values since that process started, and then added up without its sign. All that one
scrape brings was taken in one instant, so nothing needs to settle first: a figure other than 0 stays, and is a bug or one of the
exceptions in the panels' descriptions. For a moment a figure may differ when Prometheus itself shows samples of two scrapes: at
the edge of a restart, or when a target's labels change. A process that has just started has counted nothing: *nothing counted*.

Metrics begin at 0 with each process; the ledger does not. Compare them over a time in which no sidecar restarted, or ask
the ledger.
"""
