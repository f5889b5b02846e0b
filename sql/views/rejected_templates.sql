-- Kinds of lines that were not understood, most lines first: a firmware that writes other lines shows as one row
-- template: The lines without stamps, addresses, numbers and quoted texts
-- reason: Why they are no events, without the value at fault
-- lines: How many lines there are
-- sensors: Names of the sources that logged them
-- first_seen: Stamp of the first of them, UTC
-- last_seen: Stamp of the last of them, UTC
-- example: The first of them, by file and line
select * from rejected_templates_between('-infinity', 'infinity')
