"""Who is at the other end, and are they still there.

Here: a watch on the caller's connections that never sleeps, and what the kernel knows of the caller's end of them.
Not here: what follows from it; that is the exchange's to decide.
"""
