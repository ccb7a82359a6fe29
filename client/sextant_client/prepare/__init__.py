"""Preparing declarations in the files people work with: workbooks, CSV, XML, prints.

One mapping, derived from the models by reflection, lays every kind of declaration out as tables;
no kind is named here. What cannot be read without guessing is a finding with its cell or line.
"""
