"""The loop over operations: whose caller is gone, what is done about it, and what became of it.

Here: the sweep over what is due, the claim, the cancel and its confirmation, the watch over what runs on, the look-up of ids that
were never learned, settling, and whose credential is used. Not here: the rules (`lifecycle/`), what a provider's words mean
(`providers/`), the rows (`ledger/`), and the road by which operations come in (`proxy/`).
"""
