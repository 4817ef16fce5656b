# Databricks notebook source
from model import fit

# COMMAND ----------

fit(spark.table('silver.departures'))
