-- Databricks notebook source
CREATE OR REPLACE TABLE silver.departures AS
SELECT route, ship, cast(planned AS timestamp) AS planned, cast(left_at AS timestamp) AS left_at
FROM bronze.departures
WHERE route IS NOT NULL

-- COMMAND ----------

-- MAGIC %python
-- MAGIC print('rows', spark.table('silver.departures').count())
