"""What each dialect's bytes mean. Pure; a file or a family of files for each, and facts as data.

Here: which requests are calls, where the model and the usage stand, which event ends an answer, what a provider does when
a connection closes. Not here: prices, sockets, how a body is cut into documents (`bodies/`), and anything that two dialects would
have to agree on.
"""
