-- A value as somebody wrote it, in quotation marks, for messages
create or replace macro as_written(value) as
coalesce('''' || cast(value as varchar) || '''', 'NULL');
