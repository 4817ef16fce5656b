# Databricks notebook source
print('ETL')
