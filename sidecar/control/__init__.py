"""The people's side, and the cluster's: probes and metrics on the observe socket, state and commands on the control one.

Here: the two HTTP applications, the guard that keeps web pages away from the control socket, the servers that run both.
Not here: the road of the calls (`proxy/`), what is counted (`telemetry/`), and the program's state: that is asked for
through `view.Sidecar`.
"""
