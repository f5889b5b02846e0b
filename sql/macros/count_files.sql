-- Pattern of the Parquet files of one kind and level of counts: one for each month or year, and one that is empty
create or replace macro count_files(level, kind) as
literal_path(warehouse_folder()) || '/counts/' || level || '/' || kind
|| case when level = 'years' then '/year=*/*.parquet' else '/month=*/*.parquet' end;
