# Databricks notebook source
days = [r.day for r in spark.sql("SELECT DISTINCT date(planned) AS day FROM silver.departures ORDER BY 1").collect()]

# COMMAND ----------

assert len(days) == len(set(days)), "a day is there twice"
