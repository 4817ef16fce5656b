# Databricks notebook source
a = 1

# COMMAND ----------

b = 2
