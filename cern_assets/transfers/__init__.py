"""One pass over a stream of bytes: copied, hashed and verified on the way, over byte ports.

Here belongs what moves or hashes bytes without knowing what they mean or where they lie: the places are `storage`'s,
the decision when to move them is made in `flows`.
"""
