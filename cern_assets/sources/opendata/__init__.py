"""CERN Open Data (https://opendata.cern.ch): a legacy Invenio portal with its bytes on EOS.

Here belongs everything that is true of this portal and of no other source. Add a module when one of the present ones
grows a second subject; add a fact about the portal to `config.py`.
"""
