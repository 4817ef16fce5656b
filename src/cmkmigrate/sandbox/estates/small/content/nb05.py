# Databricks notebook source
# MAGIC %run "./load departures"

# COMMAND ----------

# MAGIC %run ./checks/no_gaps

# COMMAND ----------

# the workspace this was written in
home = "https://adb-7405311928640217.17.azuredatabricks.net"
org = "7405311928640217"

# COMMAND ----------

dbutils.notebook.run("/Shared/timetable/clean departures", 600)
