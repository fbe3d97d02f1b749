"""What each dialect's bytes mean. Pure; one file each; facts as data.

Here: which requests are calls, where the model and the usage stand, which event ends an answer, what a provider does when
a connection closes. Not here: prices, sockets, and anything that two dialects would have to agree on.
"""
