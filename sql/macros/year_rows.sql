-- Rows of one kind of counts or facts of years, and the year that each is of
create or replace macro year_rows(kind) as table
    select *
    from
        read_parquet(
            count_files('years', kind),
            hive_partitioning = true,
            hive_types = { 'year': date }
        );
