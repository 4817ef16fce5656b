# Databricks notebook source
password = dbutils.secrets.get(scope="partners", key="booking-api")

# COMMAND ----------

print('kept for the record')
