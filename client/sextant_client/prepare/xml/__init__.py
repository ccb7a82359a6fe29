"""Declarations as XML of our own published schema, whatever the kind.

```
document  = <declaration xmlns="urn:sextant:declaration:KIND/VERSION"> members </declaration>
member    = <name> value </name>              in any order, each at most once; absent is blank
list      = <item> value </item> ...          inside the element of its member
amount    = <name unit="t">58.1</name>        or <name nothing="nil"/>
JSON      = its JSON text                     only the old and new values of an amendment
value     = text | amount | JSON | members | list
```

Names and types are read off the models. What is read is what JSON would say: a value that does not
fit its model is the business of the rule pack. A text keeps every space; around numbers, days,
yes/no and words of a closed list white space does not count.
"""
