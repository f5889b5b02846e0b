-- Columns that not every file of a stage has, or not with the same type; no rows when one schema is in all of them
create or replace macro uneven_columns(stage) as table
    with stored as (
        select
            file_name,
            name as column_name,
            duckdb_type as column_type
        from parquet_schema(partitions(stage))
        where type is not null
    ),

    stage_files as (select count(distinct file_name) as number_of_files from stored),

    counted as (
        select
            column_name,
            column_type,
            count(*) as files
        from stored
        group by column_name, column_type
    )

    select
        counted.column_name,
        counted.column_type,
        counted.files
    from counted
    cross join stage_files
    where counted.files < stage_files.number_of_files
    order by counted.column_name, counted.column_type;
