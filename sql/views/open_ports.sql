-- One row per port that a scan of nmap's found open; those open in the last scan are in open_ports_now
select *
from read_parquet(literal_path(warehouse_folder()) || '/open_ports/*.parquet')
