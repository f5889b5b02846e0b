-- Rows of one kind of counts or facts at one level, and the month that each is of; see year_rows for years
create or replace macro count_rows(level, kind) as table
    select *
    from
        read_parquet(
            count_files(level, kind),
            hive_partitioning = true,
            hive_types = { 'month': date }
        );
