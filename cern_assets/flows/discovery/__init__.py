"""Nothing new at the source is missed: what it lists, compared with what is known and what is under way.

    listing     the records of a source, slice by slice, and whether that is all of them
    decision    new, changed, withdrawn, reappeared; pure
    requests    which runs to ask for, and what became of those that were; pure
    inventory   whether anything was missed all the same: books that do not know of each other, compared; pure
    look        one look at the source: all of it together, in the order in which nothing can be lost

Here belongs what decides about recids before their journey. Which engine runs them is a port (`look.Engine`).
"""
