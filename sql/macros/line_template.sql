-- A line without what differs from line to line: stamps, addresses, numbers and quoted texts; at most 200 characters
create or replace macro line_template(line) as
left(
    regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(
                            regexp_replace(left(line, 2000), '"[^"]*"', '"*"', 'g'),
                            '\b(?:[0-9A-Fa-f]{2}[:-]){5,}[0-9A-Fa-f]{2}\b', '<mac>', 'g'
                        ),
                        '\b\d{1,3}(?:\.\d{1,3}){3}\b', '<ip>', 'g'
                    ),
                    '\b(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d+ +|\d{4}-\d\d-\d\d[T ])'
                    || '\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?', '<time>', 'g'
                ),
                '[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*', '<ip>', 'g'
            ),
            '0x[0-9A-Fa-f]+', '<n>', 'g'
        ),
        '\d+', '<n>', 'g'
    ),
    200
);
