# Databricks notebook source
print('時刻表')
