"""The autopilot: a scripted jockey that plays with the same moves as hands do, and gives way to them.

It depends on beats alone: a style (data), a seed and what is on the desk decide what it does, live and offline.
`style` says what a kind of music is made of, `form` which section comes when, `compose` turns a section into moves,
`jockey` sends each in time, `hands` knows what others have touched and leaves it to them.
"""
