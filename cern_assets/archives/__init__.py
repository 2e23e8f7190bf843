"""Archives: whether the files of a record go up as they are or in one ZIP, and the ZIP itself.

Pure: plans are made of manifests and limits, archives are streams of bytes made of streams of bytes. Where bytes come
from and go to is the business of the flows. Add a module here for another form of archive.
"""
