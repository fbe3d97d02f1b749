"""The money: what a call used, what that is worth at the provider's prices, and who got something for it. Pure.

Here: usage as a value, the price book and its sources (the user's overrides, what the provider itself tells, our own table
of media prices, genai-prices), the bill, the split of a bill into delivered, orphaned and avoidable spend, and the one function
(`billable.py`) by which a call gets its money when it settles and whenever it is priced anew.
Not here: where usage stands in a provider's reply (`providers/`), where prices are set (`config/`), and any clock,
file watching or network.
"""
