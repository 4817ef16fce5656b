# Databricks notebook source
print('ship 🚢 bell')
