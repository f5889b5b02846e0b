-- Every view, table and macro of this catalogue: what it tells, its parameters and its columns
-- name: Name
-- kind: view, table, table macro (`from name(...)`) or macro (`select name(...)`)
-- parameters: What a macro is called with, in this order
-- columns: Columns of a view or table; those of a macro `x_between` are mostly those of the view `x`
-- description: What it tells or computes
with columns_of as (
    select
        database_oid,
        table_oid,
        list(column_name order by column_index) as columns
    from duckdb_columns()
    where schema_name = 'main' and not internal
    group by database_oid, table_oid
),

relations as (
    select
        database_oid,
        view_oid as table_oid,
        view_name as name,
        'view' as kind,
        comment as description
    from duckdb_views()
    where schema_name = 'main' and not internal
    union all
    select
        database_oid,
        table_oid,
        table_name as name,
        'table' as kind,
        comment as description
    from duckdb_tables()
    where schema_name = 'main' and not internal
),

listed as (
    select
        relations.name,
        relations.kind,
        cast([] as varchar[]) as parameters,
        columns_of.columns,
        relations.description
    from relations
    inner join columns_of
        on relations.database_oid = columns_of.database_oid and relations.table_oid = columns_of.table_oid
    union all
    select
        function_name as name,
        case function_type when 'table_macro' then 'table macro' else 'macro' end as kind,
        parameters,
        null as columns,
        comment as description
    from duckdb_functions()
    where schema_name = 'main' and not internal
)

select *
from listed
order by kind desc, name asc
