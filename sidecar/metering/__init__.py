"""The money: what a call used, what that is worth at the provider's prices, and who got something for it. Pure.

Here: usage as a value, the price book and its three sources (the user's overrides, our own table of media prices,
genai-prices), the bill, and the split of a bill into delivered, orphaned and avoidable spend.
Not here: where usage stands in a provider's reply (`providers/`), where prices are set (`config/`), and any clock,
file watching or network.
"""
