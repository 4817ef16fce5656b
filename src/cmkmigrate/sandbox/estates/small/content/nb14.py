# Databricks notebook source
print('back\\slash and "quotes"')
