-- First day of a named period, moved by some months; any day for what is no such name
create or replace macro period_start(name, months) as
-- Seven characters for each month say what begins with it. What is called here is written out wherever a macro uses its
-- period, dozens of times for a comparison, which takes as long as to answer it: so it is short.
cast(
    date '0001-01-01' + to_months(
        cast(
            coalesce(try_cast(name[:4] as integer), 1970) * 12 - 12 + months
            + instr('01Q1H1.02.....03.....04Q2...05.....06.....07Q3H2.08.....09.....10Q4...11.....12', name[6:]) // 7
            as integer
        )
    )
    as date
);
