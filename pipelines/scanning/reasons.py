"""Why a line is no event: the codes that the scanner gives. Up to LAST_IGNORED it is ignored by that name."""

BLANK, OTHER_PROGRAM, NO_RECORD, LAST_IGNORED = 1, 2, 3, 9
NO_TIME, IMPOSSIBLE_TIME, NUL_BYTE, TOO_LONG, BAD_VALUE, INCOMPLETE, REPEATED = 10, 11, 12, 13, 14, 15, 16
