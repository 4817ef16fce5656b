// Databricks notebook source
import org.apache.spark.sql.functions._

// COMMAND ----------

val late = spark.table("silver.departures").withColumn("minutes", (unix_timestamp($"left_at") - unix_timestamp($"planned")) / 60)
late.createOrReplaceTempView("late")

// COMMAND ----------

// MAGIC %sql
// MAGIC SELECT route, percentile(minutes, 0.9) FROM late GROUP BY route
