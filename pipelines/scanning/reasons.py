"""Why a line is no event: the codes that the scanner gives. Up to LAST_IGNORED it is ignored by that name.

From `plan.FIRST_RULE` on they are rules of a format's own, by whose names a line is ignored too.
"""

BLANK, OTHER_PROGRAM, NO_RECORD, REPEAT, LAST_IGNORED = 1, 2, 3, 4, 9
NO_TIME, IMPOSSIBLE_TIME, NUL_BYTE, TOO_LONG, BAD_VALUE, INCOMPLETE, REPEATED = 10, 11, 12, 13, 14, 15, 16
NO_FORM, CUT, NO_HEADER, BROKEN_JSON, TOO_DEEP = 17, 18, 19, 20, 21
