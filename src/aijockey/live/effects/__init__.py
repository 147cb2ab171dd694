"""Effects of the mixer: each has ``process`` on a block, ``reset``, and ``latency_samples``; state goes on
between blocks.
"""
