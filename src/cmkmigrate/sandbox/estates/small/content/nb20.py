# Databricks notebook source
print('report.py')
