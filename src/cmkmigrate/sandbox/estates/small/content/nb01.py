# Databricks notebook source
# MAGIC %md
# MAGIC # Departures
# MAGIC Reads the feed of yesterday's sailings.

# COMMAND ----------

dbutils.widgets.text("day", "")
day = dbutils.widgets.get("day") or "2024-06-30"

# COMMAND ----------

token = dbutils.secrets.get("feeds", "timetable-token")
rows = spark.read.option("header", True).csv(f"dbfs:/feeds/departures/{day}.csv")

# COMMAND ----------

rows.write.mode("overwrite").saveAsTable("bronze.departures")
