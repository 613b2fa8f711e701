"""The community's own model: who agreed to it, what it is made from, how it is made, and what keeps it from going out.

Needs the extra ``weft[train]`` and a CPU torch only for the training itself; everything else runs without them.
"""
