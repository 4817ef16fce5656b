# Databricks notebook source
print('50% of +one & more=less #1')
