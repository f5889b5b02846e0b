-- Every column of every view, table and table macro that is asked from the shell, and what it holds
-- name: Name of the view, table or table macro
-- place: Place of the column in it, from 1 on
-- column_name: Name of the column
-- description: What it holds
with macro_columns_listed as (
    select unnest(macro_columns()) as listed
)

select
    table_name as name,
    column_index as place,
    column_name,
    comment as description
from duckdb_columns()
where schema_name = 'main' and not internal
union all
select
    listed.name,
    listed.place,
    listed.column_name,
    listed.description
from macro_columns_listed
order by name, place
