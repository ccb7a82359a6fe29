"""The printable copy of record of a declaration, of whatever kind, as PDF.

```
content   what is printed, by reflection over the model: sections of facts and tables
fonts     which fonts print its characters; what none can print is refused
own       the fonts that come with the platform
flow      where it stands: lines, rows and pages, with repeated table heads
drawing   the bytes, the same for the same content, receipt and fonts
```

A print never says less than the document: what a cell leaves out is named below its table, and each
of the five kinds of nothing has its word.
"""
