-- Folder of the data: what `set variable warehouse = '...'` names, or else where this catalogue was published
create or replace macro warehouse_folder() as
coalesce(getvariable('warehouse'), published_warehouse());
