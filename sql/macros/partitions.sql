-- Pattern of the Parquet files of a stage: one for each day, and the empty one that keeps a stage without days readable
create or replace macro partitions(stage) as
literal_path(warehouse_folder()) || '/' || stage || '/day=*/*.parquet';
