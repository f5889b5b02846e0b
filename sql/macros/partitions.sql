-- Parquet files of a stage, as patterns: one for each day, and the empty one that keeps a stage without days readable
create or replace macro partitions(stage) as
-- To find one day among the folders of five years takes 100 ms, so the checks of a load name the files.
coalesce(
    getvariable('checked_partitions')[stage],
    [literal_path(warehouse_folder()) || '/' || stage || '/day=*/*.parquet']
);
