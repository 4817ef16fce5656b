# Databricks notebook source
library(SparkR)
late <- sql("SELECT * FROM silver.departures")

# COMMAND ----------

head(late, 20)
