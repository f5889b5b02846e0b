-- A number for a source address, at least 0: rows of the same one are found and added up by it in half the time
create or replace macro source_key(address) as
cast(md5_number(address) & 9223372036854775807 as bigint);
